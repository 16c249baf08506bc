"""Overture: a self-hosted engine for direct-message outreach campaigns."""
