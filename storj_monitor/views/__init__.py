"""Every message that goes to a page or an API client is made here, from memory or from the reader; nothing is written."""
