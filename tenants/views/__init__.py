"""The pages of products: one product, adding, changing, and the plans and customers that stand beneath."""
