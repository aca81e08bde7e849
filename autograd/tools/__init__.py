"""What has nothing to do with derivatives: whole files, and contexts as decorators."""
