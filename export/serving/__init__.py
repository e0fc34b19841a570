"""What is deployed as is around an exported SavedModel, and the client that talks to it."""
