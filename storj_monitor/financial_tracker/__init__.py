"""Earnings: what was told and the time go in, figures and changes come out. Nothing here reads a clock, a file, a database or a network.

update              -- what an answer changes
earnings            -- all figures of one node, made once for a change
prices, usage, estimate, days -- what this month and each day has brought and will bring, by the node's own formulas
comparison, scoring -- ours beside the node's figure and beside the paystub, the difference in words
history, held       -- paystubs kept for ever; what is held, given back, not yet transferred
missing             -- what sums leave out, and why
revenue             -- per TB, unpaid data, cost and profit
terms               -- what the operator sets: prices, costs, currency
export              -- CSV, links to transactions
"""
