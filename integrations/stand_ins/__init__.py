"""Small real HTTP servers that play other systems for the demo and the tests."""
