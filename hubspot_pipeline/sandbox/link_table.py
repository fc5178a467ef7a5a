"""HubSpot's own association types, by pair of object types.

HubSpot's published table -> {(from, to): type id} and the labelled types

Ids that the published table leaves out (the way back of some pairs, those of quotes and carts) are what connectors in
the field use, or the number beside the published one.
"""

_BOTH_WAYS = """
companies: companies 450/450 contacts 280/279 deals 342/341 tickets 340/339 calls 181/182 emails 185/186 meetings
  187/188 notes 189/190 tasks 191/192 leads 611/610 communications 88/87 postal_mail 460/459 invoices 180/179 orders
  935/934 commerce_payments 390/389 quotes 72/71 subscriptions 298/297 appointments 909/908 courses 939/938 listings
  885/884 services 793/792 feedback_submissions 929/928 projects 1237/1236
contacts: contacts 449/449 deals 4/3 tickets 15/16 calls 193/194 emails 197/198 meetings 199/200 notes 201/202 tasks
  203/204 communications 82/81 postal_mail 454/453 carts 587/586 orders 508/507 invoices 178/177 commerce_payments
  388/387 subscriptions 296/295 appointments 907/906 courses 861/860 listings 883/882 services 799/798
  feedback_submissions 97/98 projects 1243/1242 leads 609/608 quotes 70/69
deals: deals 451/451 tickets 27/28 calls 205/206 emails 209/210 meetings 211/212 notes 213/214 tasks 215/216 line_items
  19/20 leads 1038/1037 goal_targets 1357/1356 communications 86/85 postal_mail 458/457 deal_split 313/314 carts
  1346/1345 invoices 176/175 orders 511/512 commerce_payments 392/391 quotes 63/64 subscriptions 300/299 appointments
  945/944 courses 863/862 listings 887/886 services 795/794 feedback_submissions 985/984 projects 1239/1238
tickets: tickets 452/452 calls 219/220 emails 223/224 meetings 225/226 notes 227/228 tasks 229/230 communications 84/83
  postal_mail 456/455 orders 526/525 appointments 947/946 courses 941/940 listings 943/942 services 797/796
  subscriptions 1122/1121 commerce_payments 1355/1354 feedback_submissions 99/100 projects 1241/1240 invoices 987/986
leads: calls 596/597 emails 598/599 meetings 600/601 notes 854/855 tasks 646/647 communications 602/603
  feedback_submissions 1162/1161
orders: calls 774/773 emails 778/777 meetings 770/769 notes 766/765 tasks 728/727 communications 786/785 postal_mail
  789/788 line_items 513/514 carts 592/593 discounts 519/520 commerce_payments 523/524 feedback_submissions 1168/1167
invoices: quotes 407/408 subscriptions 622/623 orders 517/518 line_items 409/410 discounts 411/412 fees 413/414 taxes
  415/416 commerce_payments 541/542 feedback_submissions 1160/1159
commerce_payments: discounts 428/429 fees 1326/1327 feedback_submissions 1170/1169 line_items 395/396 quotes 397/398
  subscriptions 393/394
feedback_submissions: calls 1155/1156 carts 1157/1158 subscriptions 1173/1174 quotes 1171/1172
quotes: line_items 67/68 tasks 217/218 discounts 362/363 fees 364/365 taxes 366/367
subscriptions: line_items 301/302
carts: line_items 590/591
appointments: calls 912/913 emails 916/917 meetings 918/919 notes 920/921 tasks 922/923 communications 924/925
  postal_mail 926/927 projects 1325/1324
services: calls 840/841 emails 842/843 meetings 838/839 notes 836/837 tasks 852/853 communications 846/847 postal_mail
  848/849 projects 1245/1244
courses: calls 866/867 emails 870/871 meetings 872/873 notes 874/875 tasks 876/877 communications 878/879 postal_mail
  880/881 projects 1323/1322
listings: calls 890/891 emails 894/895 meetings 896/897 notes 898/899 tasks 900/901 communications 902/903 postal_mail
  904/905 projects 1321/1320
projects: calls 1257/1258 emails 1259/1260 notes 1248/1249 tasks 1246/1247 communications 1281/1282 postal_mail
  1263/1264
"""

LABELLED = (
    ("contacts", "companies", 1, 2, "Primary", True),
    ("deals", "companies", 5, 6, "Primary", True),
    ("tickets", "companies", 26, 25, "Primary", True),
    ("contacts", "companies", 931, 930, "Billing contact", False),
    ("leads", "contacts", 578, 579, "Primary", True),
    ("leads", "companies", 580, 581, "Primary", True),
    ("leads", "deals", 582, 583, "Primary", True),
    ("orders", "companies", 509, 510, "Primary", True),
    ("quotes", "contacts", 702, 703, "Contact signer", False),
)
"""(from, to, type id there, type id back, label, at most one per `from` record)"""
PARENT, CHILD = 13, 14


def unlabelled() -> dict[tuple[str, str], int]:
    """The unlabelled type id of every pair, one per direction."""
    found: dict[tuple[str, str], int] = {}
    for line in _BOTH_WAYS.replace("\n  ", " ").strip().splitlines():
        from_, _, rest = line.partition(": ")
        words = rest.split()
        for to, ids in zip(words[::2], words[1::2], strict=True):
            there, _, back = ids.partition("/")
            found[from_, to], found[to, from_] = int(there), int(back)
    return found
