"""Django admin for the vendor's support staff: looking, and a few acts that services do."""
