"""Default properties of quotes, orders, invoices, carts, subscriptions, payments, charges and deal splits.

text tables, in the form that `definitions` explains -> read by `definitions`
"""

CREATED = """
createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
"""
HS_CREATED = """
hs_createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
"""
_CURRENCIES = "USD EUR GBP CAD AUD JPY"

DEAL_SPLIT = f"""{HS_CREATED}
hs_deal_id number r | Deal ID
hs_deal_split_percentage number | Split percentage
hs_deal_split_amount number c | Split amount
"""

QUOTES = f"""{HS_CREATED}
hs_title string | Title
hs_expiration_date date | Expiration date
hs_status enumeration | Status :
  DRAFT APPROVAL_NOT_NEEDED PENDING_APPROVAL APPROVED REJECTED PENDING_BUYER_ACTION
hs_public_url_key string r | Public URL key
hs_quote_amount number c | Quote amount
hs_quote_number string | Quote number
hs_currency enumeration | Currency : {_CURRENCIES}
hs_language enumeration | Language : en de fr es ja
hs_template_type enumeration r | Template type : CUSTOMIZABLE_QUOTE_TEMPLATE CPQ_QUOTE
hs_payment_status enumeration r | Payment status : PENDING PROCESSING PAID
hs_payment_enabled bool | Payment enabled
hs_esign_enabled bool | E-signature enabled
hs_esign_num_signers_completed number r | Signers who signed
hs_terms string/textarea | Terms
hs_comments string/textarea | Comments
hs_sender_company_name string | Sender's company
hs_sender_firstname string | Sender's first name
hs_sender_lastname string | Sender's last name
hs_sender_email string | Sender's e-mail
"""

ORDERS = f"""{CREATED}
hs_order_name string | Order name
hs_currency_code enumeration | Currency : {_CURRENCIES}
hs_total_price number | Total price
hs_subtotal_price number | Subtotal
hs_order_discount number | Discount
hs_pipeline enumeration | Pipeline
hs_pipeline_stage enumeration/radio | Stage
hs_fulfillment_status string | Fulfilment status
hs_payment_status string | Payment status
hs_source_store string | Source store
hs_external_order_id string | External order ID
hs_external_order_url string | External order URL
hs_external_created_date datetime | External create date
hs_processed_date datetime | Processed date
hs_shipping_address_city string | Shipping city
hs_shipping_address_country string | Shipping country
hs_tags string | Tags
"""

INVOICES = f"""{CREATED}
hs_number string r | Invoice number
hs_title string | Title
hs_invoice_status enumeration | Invoice status : draft open paid voided
hs_currency enumeration | Currency : {_CURRENCIES}
hs_invoice_date datetime | Invoice date
hs_due_date datetime | Due date
hs_amount_billed number c | Amount billed
hs_amount_paid number c | Amount paid
hs_balance_due number c | Balance due
hs_purchase_order_number string | Purchase order number
hs_payment_date datetime r | Payment date
"""

CARTS = f"""{CREATED}
hs_cart_name string | Cart name
hs_external_cart_id string | External cart ID
hs_external_status string | External status
hs_total_price number | Total price
hs_currency_code enumeration | Currency : {_CURRENCIES}
hs_tags string | Tags
hs_source_store string | Source store
hs_cart_url string | Cart URL
hs_abandoned_cart_url string | Abandoned cart URL
"""

SUBSCRIPTIONS = f"""{HS_CREATED}
hs_name string | Name
hs_status enumeration | Status : active paused past_due canceled expired scheduled unpaid
hs_currency_code enumeration | Currency : {_CURRENCIES}
hs_recurring_billing_start_date datetime | Billing start date
hs_recurring_billing_frequency enumeration | Billing frequency : weekly monthly quarterly annually
hs_last_payment_amount number r | Last payment amount
hs_last_payment_date datetime r | Last payment date
hs_next_payment_amount number r | Next payment amount
hs_next_payment_due_date datetime r | Next payment due date
hs_number_of_completed_payments number r | Completed payments
hs_cancellation_date datetime r | Cancellation date
"""

COMMERCE_PAYMENTS = f"""{CREATED}
hs_initial_amount number | Gross amount
hs_initiated_date datetime | Payment date
hs_latest_status enumeration | Status : processing succeeded failed refunded partially_refunded
hs_currency_code enumeration | Currency : {_CURRENCIES}
hs_payment_method_type enumeration | Payment method : card ach bank_transfer check cash other
hs_fees_amount number | Fees
hs_net_amount number c | Net amount
hs_refunds_amount number r | Refunded amount
hs_internal_comment string/textarea | Internal comment
hs_processor_type string r | Processor
hs_reference_number string | Reference number
"""

_CHARGE = f"""{CREATED}
hs_label string | Label
hs_type enumeration | Type : PERCENT FIXED
hs_value number | Value
"""
DISCOUNTS = f"""{_CHARGE}
hs_duration enumeration | Duration : ONCE FOREVER
hs_sort_order number | Sort order
"""
FEES = _CHARGE
TAXES = f"""{_CHARGE}
hs_tax_rate_id string | Tax rate ID
"""
