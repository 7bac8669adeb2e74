"""How GitHub is asked: the calls behind `api`, and what they fetch and change."""
