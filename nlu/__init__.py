"""Words to meaning: knows nothing of facts, databases or channels."""
