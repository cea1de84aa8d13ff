"""Addresses of customers."""

from django.urls import path

from customers import views, views_imports

app_name = "customers"
urlpatterns = [
    path("", views.CustomerList.as_view(), name="list"),
    path("create/", views.CustomerCreate.as_view(), name="create"),
    path("import/", views_imports.Imports.as_view(), name="imports"),
    path("import/template/", views_imports.ImportTemplate.as_view(), name="import_template"),
    path("import/<int:pk>/", views_imports.ImportPage.as_view(), name="import"),
    path("import/<int:pk>/start/", views_imports.ImportStart.as_view(), name="start_import"),
    path("import/<int:pk>/discard/", views_imports.ImportDiscard.as_view(), name="discard_import"),
    path("<int:pk>/", views.CustomerPage.as_view(), name="page"),
    path("<int:pk>/history/", views.CustomerHistory.as_view(), name="history"),
    path("<int:pk>/edit/", views.CustomerEdit.as_view(), name="edit"),
    path("<int:pk>/contacts/add/", views.ContactAdd.as_view(), name="add_contact"),
    path("<int:pk>/contacts/<int:contact>/edit/", views.ContactEdit.as_view(), name="edit_contact"),
    path("<int:pk>/contacts/<int:contact>/delete/", views.ContactDelete.as_view(), name="delete_contact"),
]
