"""Earnings: rows and the time in, figures out. Nothing here reads a clock, a file, a database or a network.

prices, usage, estimate -- what this month has brought and will bring, by the node's own formulas
comparison, scoring     -- ours beside the node's figure and beside the paystub, the difference in words
history, held, balance  -- paystubs kept for ever; what is held, given back, not yet transferred
days                    -- what each day has brought, the band of the month's end
revenue, costs          -- per TB, unpaid data, cost and profit
terms                   -- what the operator sets: prices, costs, currency
receipts, export        -- links to transactions; CSV
"""
