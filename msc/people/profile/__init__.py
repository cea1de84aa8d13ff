"""What people change about themselves: name, password, second factors, sessions."""
