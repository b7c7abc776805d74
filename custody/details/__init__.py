"""Details on their legal date: which rule destroys them, and what explains that they are gone."""
