"""What nodes say about themselves over HTTP: clients, decoding, polling, finding the API. Yields model types only."""
