"""The numbers that decide the verdicts on the claims, as the plan's rules or the brief's own words give them."""

ALPHA = 0.05  # level of every test
MAJORITY = 0.5  # "many" or "most": more than this share
BARELY = 0.25  # C03: "barely features" is at most this share of the IPCEIs
LASTS = 0.5  # C10: correlation over the years from which a region's own part is lasting and not noise
PERSISTS = 0.10  # C08: a spread that falls by less than this share of its first value persists
NARROW = 0.10  # C05: a null range within this share of its mean on either side shows no more than activity explains
BROAD_STATES = 2 / 3  # C07: share of the Member States from which demand is broad
ALMOST_TEN = (8, 9)  # C06: how "almost ten" is read
MATTERS = 0.1  # C10: share of the squared gaps from which a part counts
