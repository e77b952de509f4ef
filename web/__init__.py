"""What people see in a browser: web chat, officers' console, webhooks, health."""
