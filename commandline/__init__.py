"""The ground floor: how every management command talks to people and to scripts. Knows nothing of the product."""
