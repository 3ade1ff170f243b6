"""The pages, one module a noun. Each reads the store and fills a template."""
