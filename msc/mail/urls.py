"""Addresses of the demonstration's mails."""

from django.urls import path

from msc.mail import views

app_name = "mail"
urlpatterns = [
    path("", views.MailList.as_view(), name="list"),
    path("<str:name>/", views.MailPage.as_view(), name="page"),
    path("<str:name>/html/", views.MailHtml.as_view(), name="html"),
]
