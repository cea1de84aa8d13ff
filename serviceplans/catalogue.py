"""What the vendor sells and an MSP may put in a plan: products, editions, workloads, features, storage providers.

Source: the product description of the portal; a change here is a change of the product, so it is code and no table.
"""

from django.db import models


class Product(models.TextChoices):
    """A product; a customer has at most one live tenant of each."""

    HYBRID = "hybrid", "Hybrid Workloads"
    SAAS = "saas", "SaaS Apps and Endpoints"


class Edition(models.TextChoices):
    """The three editions, from the smallest up."""

    BUSINESS = "business", "Business"
    ENTERPRISE = "enterprise", "Enterprise"
    ELITE = "elite", "Elite"


class Workload(models.TextChoices):
    """A kind of thing that is backed up."""

    VMWARE = "vmware", "VMware"
    HYPER_V = "hyper_v", "Hyper-V"
    AHV = "ahv", "AHV"
    FILE_SERVER = "file_server", "File server"
    NAS = "nas", "NAS"
    MS_SQL = "ms_sql", "MS-SQL"
    ORACLE = "oracle", "Oracle"
    M365 = "m365", "Microsoft 365"
    GOOGLE_WORKSPACE = "google_workspace", "Google Workspace"
    ENDPOINTS = "endpoints", "Endpoints"
    SALESFORCE = "salesforce", "Salesforce"


class Feature(models.TextChoices):
    """What an edition can include beyond backup and restore."""

    LONG_TERM_RETENTION = "long_term_retention", "Long Term Retention"
    RANSOMWARE_RECOVERY = "ransomware_recovery", "Accelerated Ransomware Recovery"
    DATA_GOVERNANCE = "data_governance", "Sensitive Data Governance"
    HIGH_STORAGE = "high_storage", "High Storage Tier"


class StorageProvider(models.TextChoices):
    """Who runs the place where backups lie."""

    AWS = "aws", "AWS"
    AZURE = "azure", "Azure"


EDITION_RANK: dict[str, int] = {edition: rank for rank, edition in enumerate(Edition.values, start=1)}

WORKLOADS: dict[str, tuple[Workload, ...]] = {
    Product.HYBRID: (
        Workload.VMWARE,
        Workload.HYPER_V,
        Workload.AHV,
        Workload.FILE_SERVER,
        Workload.NAS,
        Workload.MS_SQL,
        Workload.ORACLE,
    ),
    Product.SAAS: (Workload.M365, Workload.GOOGLE_WORKSPACE, Workload.ENDPOINTS, Workload.SALESFORCE),
}

#: Workloads of SaaS Apps and Endpoints that are counted by users.
USER_WORKLOADS: tuple[Workload, ...] = (Workload.M365, Workload.GOOGLE_WORKSPACE, Workload.ENDPOINTS)

_FEATURES: dict[tuple[str, str], tuple[Feature, ...]] = {
    (Product.HYBRID, Edition.BUSINESS): (),
    (Product.HYBRID, Edition.ENTERPRISE): (Feature.LONG_TERM_RETENTION,),
    (Product.HYBRID, Edition.ELITE): (Feature.LONG_TERM_RETENTION, Feature.RANSOMWARE_RECOVERY),
    (Product.SAAS, Edition.BUSINESS): (),
    (Product.SAAS, Edition.ENTERPRISE): (Feature.DATA_GOVERNANCE, Feature.HIGH_STORAGE),
    (Product.SAAS, Edition.ELITE): (
        Feature.DATA_GOVERNANCE,
        Feature.HIGH_STORAGE,
        Feature.LONG_TERM_RETENTION,
        Feature.RANSOMWARE_RECOVERY,
    ),
}


def features_of(product: str, *editions: str) -> tuple[Feature, ...]:
    """Return the features that any of the editions, or any edition at all, allows of the product."""
    allowed = {feature for edition in editions or Edition.values for feature in _FEATURES[product, edition]}
    return tuple(feature for feature in Feature if feature in allowed)


def workloads_allowed(product: str, edition: str) -> tuple[Workload, ...]:
    """Return the workloads that a plan of this edition may include; Endpoints is no part of a Business plan."""
    every = WORKLOADS[product]
    return tuple(w for w in every if not (edition == Edition.BUSINESS and w == Workload.ENDPOINTS))


def features_allowed(product: str, edition: str) -> tuple[Feature, ...]:
    """Return the features that the edition of the product allows."""
    return _FEATURES[product, edition]
