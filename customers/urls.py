"""Addresses of customers."""

from django.urls import path

from customers import views

app_name = "customers"
urlpatterns = [
    path("", views.CustomerList.as_view(), name="list"),
    path("create/", views.CustomerCreate.as_view(), name="create"),
    path("<int:pk>/", views.CustomerPage.as_view(), name="page"),
    path("<int:pk>/history/", views.CustomerHistory.as_view(), name="history"),
    path("<int:pk>/edit/", views.CustomerEdit.as_view(), name="edit"),
    path("<int:pk>/contacts/add/", views.ContactAdd.as_view(), name="add_contact"),
    path("<int:pk>/contacts/<int:contact>/edit/", views.ContactEdit.as_view(), name="edit_contact"),
    path("<int:pk>/contacts/<int:contact>/delete/", views.ContactDelete.as_view(), name="delete_contact"),
]
