"""Addresses of products, below their customer."""

from django.urls import path

from tenants.views import adding, changing, customers, listing, page, plans

app_name = "tenants"
_one = "customers/<int:customer>/products/<int:pk>/"
_new = "customers/<int:customer>/products/add/"
urlpatterns = [
    path("customers/products/", listing.TenantList.as_view(), name="list"),
    path("products/<int:pk>/", listing.ProductAddress.as_view(), name="product"),
    path("customers/<int:pk>/delete/", customers.CustomerDelete.as_view(), name="delete_customer"),
    path(_new, adding.ProductChoice.as_view(), name="choose"),
    path(f"{_new}<slug:product>/", adding.TenantAdd.as_view(), name="add"),
    path(f"{_new}<slug:product>/expiry/", adding.ExpiryField.as_view(), name="expiry"),
    path("service-plans/<int:pk>/edit/", plans.PlanEdit.as_view(), name="edit_plan"),
    path("service-plans/<int:pk>/delete/", plans.PlanDelete.as_view(), name="delete_plan"),
    path("service-plans/terms/<slug:product>/", adding.PlanTerms.as_view(), name="plan_terms"),
    path(_one, page.TenantPage.as_view(), name="detail"),
    path(f"{_one}edit/", changing.TenantEdit.as_view(), name="edit"),
    path(f"{_one}suspend/", changing.TenantSuspend.as_view(), name="suspend"),
    path(f"{_one}activate/", changing.TenantActivate.as_view(), name="activate"),
    path(f"{_one}delete/", changing.TenantDelete.as_view(), name="delete"),
    path(f"{_one}cancel-deletion/", changing.TenantCancelDeletion.as_view(), name="cancel_deletion"),
]
