"""From trained models to what servers, phones and browsers run."""
