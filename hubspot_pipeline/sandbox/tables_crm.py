"""Default properties of contacts, companies, deals, tickets, products and line items.

text tables, in the form that `definitions` explains -> read by `definitions`
"""

_TOUCH = """
notes_last_contacted datetime c | Last contacted
notes_last_updated datetime c | Last activity date
notes_next_activity_date datetime c | Next activity date
num_notes number c | Number of sales activities
num_contacted_notes number c | Number of times contacted
hs_last_sales_activity_timestamp datetime c | Last engagement date
hs_latest_meeting_activity datetime c | Latest meeting activity
hs_analytics_source enumeration r | Original source :
  ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE
  PAID_SOCIAL
hs_analytics_source_data_1 string r | Original source drill-down 1
hs_analytics_source_data_2 string r | Original source drill-down 2
hs_latest_source enumeration r | Latest source :
  ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE
  PAID_SOCIAL
hs_latest_source_timestamp datetime r | Latest source date
"""

_STAGES = "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other"
_LIFECYCLE = f"lifecyclestage enumeration/radio | Lifecycle stage : {_STAGES}\n" + "\n".join(
    f"hs_lifecyclestage_{stage}_date datetime r | Became a {stage} date" for stage in _STAGES.split()
)
_LEAD_STATUS = (
    "hs_lead_status enumeration/radio | Lead status : NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT "
    "CONNECTED BAD_TIMING"
)
_ADDRESS = """
address string | Street address
city string | City
state string | State/Region
zip string | Postal code
country string | Country/Region
phone string/phonenumber | Phone number
website string | Website URL
"""

CONTACTS = f"""
createdate datetime r | Create date
lastmodifieddate datetime r | Last modified date
email string u | Email
firstname string | First name
lastname string | Last name
salutation string | Salutation
jobtitle string | Job title
company string | Company name
industry string | Industry
mobilephone string/phonenumber | Mobile phone number
fax string/phonenumber | Fax number
date_of_birth string | Date of birth
gender string | Gender
annualrevenue string | Annual revenue
numemployees enumeration | Number of employees : 1-5 5-25 25-50 50-100 100-500 500-1000 1000+
message string/textarea | Message
hs_language enumeration | Preferred language : en de fr es ja pt it nl
hs_timezone enumeration | Time zone :
  us_slash_eastern us_slash_central us_slash_pacific europe_slash_berlin europe_slash_london asia_slash_tokyo
hs_persona enumeration | Persona
hs_seniority enumeration | Seniority : entry junior mid senior manager director vp executive partner owner
hs_role enumeration | Role :
  accounting administrative business_development communications consulting customer_service design education
  engineering finance human_resources information_technology legal marketing operations product research sales
hs_buying_role enumeration/checkbox | Buying role :
  BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER LEGAL_AND_COMPLIANCE OTHER
hs_additional_emails enumeration/checkbox r | Additional email addresses
hs_email_domain string r | Email domain
hs_full_name_or_email string c | Full name or email
hs_email_optout bool | Unsubscribed from all email
hs_email_bounce number r | Marketing emails bounced
hs_email_hard_bounce_reason_enum enumeration r | Email hard bounce reason :
  OTHER UNKNOWN_USER MAILBOX_FULL CONTENT SPAM POLICY PREVIOUSLY_UNSUBSCRIBED_MESSAGE
hs_email_delivered number r | Marketing emails delivered
hs_email_open number r | Marketing emails opened
hs_email_click number r | Marketing emails clicked
hs_email_last_open_date datetime r | Last marketing email open date
hs_marketable_status enumeration r | Marketing contact status : true false
hs_marketable_until_renewal enumeration r | Marketing contact until next update : true false
hs_is_unworked bool c | Contact unworked
hs_sales_email_last_replied datetime r | Recent sales email replied date
hs_lead_score number | Lead score
hubspotscore number/calculation_score c | HubSpot score
hs_predictivecontactscore_v2 number c | Likelihood to close
hs_calculated_merged_vids string c | Merged vids with timestamps of a contact
hs_calculated_phone_number string c | Calculated phone number
hs_searchable_calculated_phone_number string c h | Calculated phone number with area code
hs_linkedin_url string | LinkedIn URL
associatedcompanyid number | Primary associated company ID
num_associated_deals number/calculation_rollup c | Number of associated deals
recent_deal_amount number c | Recent deal amount
recent_deal_close_date datetime c | Recent deal close date
first_deal_created_date datetime c | First deal created date
total_revenue number c | Total revenue
closedate datetime c | Close date
first_conversion_date datetime r | First conversion date
first_conversion_event_name string r | First conversion
recent_conversion_date datetime r | Recent conversion date
recent_conversion_event_name string r | Recent conversion
num_conversion_events number r | Number of form submissions
num_unique_conversion_events number r | Number of unique forms submitted
hs_analytics_num_page_views number r | Number of page views
hs_analytics_num_visits number r | Number of sessions
hs_analytics_first_timestamp datetime r | Time first seen
hs_analytics_last_timestamp datetime r | Time last seen
{_ADDRESS}{_LIFECYCLE}
{_LEAD_STATUS}
{_TOUCH}
"""

COMPANIES = f"""
createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
name string | Company name
domain string | Company domain name
hs_additional_domains enumeration/checkbox | Additional domains
description string/textarea | Description
about_us string/textarea | About us
industry string | Industry
type enumeration | Type : PROSPECT PARTNER RESELLER VENDOR OTHER
annualrevenue number | Annual revenue
numberofemployees number | Number of employees
founded_year string | Year founded
is_public bool | Is public
timezone string | Time zone
address2 string | Street address 2
linkedin_company_page string | LinkedIn company page
twitterhandle string | Twitter handle
hs_country_code string | Country code
hs_ideal_customer_profile enumeration | Ideal customer profile tier : tier_1 tier_2 tier_3
hs_target_account bool | Target account
hs_is_target_account bool | Target account
hs_csm_sentiment enumeration | Customer success sentiment : positive neutral negative at_risk
hs_customer_success_ticket_sentiment number r | Customer success ticket sentiment
hs_parent_company_id number r | Parent company
hs_num_child_companies number/calculation_rollup c | Number of child companies
hs_num_open_deals number/calculation_rollup c | Number of open deals
hs_num_decision_makers number/calculation_rollup c | Number of decision makers
hs_num_blockers number/calculation_rollup c | Number of blockers
hs_num_contacts_with_buying_roles number/calculation_rollup c | Number of contacts with a buying role
num_associated_contacts number/calculation_rollup c | Number of associated contacts
num_associated_deals number/calculation_rollup c | Number of associated deals
hs_total_deal_value number/calculation_rollup c | Total open deal value
total_revenue number/calculation_rollup c | Total revenue
recent_deal_amount number c | Recent deal amount
recent_deal_close_date datetime c | Recent deal close date
first_deal_created_date datetime c | First deal created date
first_contact_createdate datetime c | First contact create date
closedate datetime c | Close date
days_to_close number c | Days to close
{_ADDRESS}{_LIFECYCLE}
{_LEAD_STATUS}
{_TOUCH}
"""

DEALS = f"""
createdate datetime r | Create date
hs_createdate datetime r | HubSpot create date
hs_lastmodifieddate datetime r | Last modified date
dealname string | Deal name
amount number | Amount
closedate datetime | Close date
pipeline enumeration | Pipeline
dealstage enumeration/radio | Deal stage
dealtype enumeration/radio | Deal type : newbusiness existingbusiness renewal
description string/textarea | Deal description
deal_currency_code enumeration | Currency : USD EUR GBP CAD AUD JPY
hs_exchange_rate number r | Exchange rate
amount_in_home_currency number/calculation_equation c | Amount in company currency
hs_priority enumeration | Priority : low medium high
hs_next_step string | Next step
closed_lost_reason string/textarea | Closed lost reason
closed_won_reason string/textarea | Closed won reason
days_to_close number/calculation_equation c | Days to close
hs_is_closed bool/calculation_equation c | Is deal closed?
hs_is_closed_won bool/calculation_equation c | Is closed won
hs_is_closed_lost bool/calculation_equation c | Is closed lost
hs_is_open_count number/calculation_equation c | Is open
hs_closed_amount number/calculation_equation c | Closed deal amount
hs_closed_amount_in_home_currency number/calculation_equation c | Closed deal amount in home currency
hs_closed_won_date datetime c | Closed won date
hs_projected_amount number/calculation_equation c | Weighted amount
hs_projected_amount_in_home_currency number/calculation_equation c | Weighted amount in company currency
hs_deal_stage_probability number/calculation_equation c | Deal probability
hs_deal_stage_probability_shadow number c h | Deal stage probability shadow
hs_forecast_amount number/calculation_equation c | Forecast amount
hs_forecast_probability number | Forecast probability
hs_manual_forecast_category enumeration | Forecast category : OMIT PIPELINE BEST_CASE COMMIT CLOSED
hs_arr number/calculation_equation c | Annual recurring revenue
hs_mrr number/calculation_equation c | Monthly recurring revenue
hs_acv number/calculation_equation c | Annual contract value
hs_tcv number/calculation_equation c | Total contract value
hs_num_of_associated_line_items number/calculation_rollup c | Number of line items
hs_num_associated_deal_splits number/calculation_rollup c | Number of deal splits
hs_primary_associated_company number c | Primary associated company
num_associated_contacts number/calculation_rollup c | Number of associated contacts
hs_days_to_close_raw number c | Days to close without rounding
hs_is_stalled bool/calculation_read_time c | Is stalled
hs_date_entered_current_stage datetime c | Date entered current stage
hs_v2_time_in_current_stage datetime/calculation_read_time c | Time in current stage
hs_deal_score number r | Deal score
hs_tag_ids enumeration/checkbox | Deal tags
{_TOUCH}
"""

TICKETS = """
createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
subject string | Ticket name
content string/textarea | Ticket description
hs_ticket_id number r | Ticket ID
hs_pipeline enumeration | Pipeline
hs_pipeline_stage enumeration/radio | Ticket status
hs_ticket_category enumeration | Category : PRODUCT_ISSUE BILLING_ISSUE FEATURE_REQUEST GENERAL_INQUIRY
hs_ticket_priority enumeration | Priority : LOW MEDIUM HIGH URGENT
source_type enumeration | Source : CHAT EMAIL FORM PHONE
hs_resolution enumeration | Resolution : ISSUE_FIXED CALLED_CUSTOMER DUPLICATE OTHER
closed_date datetime | Close date
first_agent_reply_date datetime c | First agent email response date
last_reply_date datetime c | Last customer reply date
hs_last_message_received_at datetime c | Last message received at
hs_last_message_sent_at datetime c | Last response date
hs_lastactivitydate datetime c | Last activity date
hs_lastcontacted datetime c | Last contacted date
hs_nextactivitydate datetime c | Next activity date
time_to_close number c | Time to close
time_to_first_agent_reply number c | Time to first agent email reply
hs_is_closed bool/calculation_equation c | Is closed
hs_num_times_contacted number c | Number of times contacted
hs_time_to_first_response_sla_status enumeration r | Time to first response SLA status :
  ACTIVE DUE_SOON OVERDUE COMPLETED_ON_TIME COMPLETED_LATE
hs_time_to_close_sla_status enumeration r | Time to close SLA status :
  ACTIVE DUE_SOON OVERDUE COMPLETED_ON_TIME COMPLETED_LATE
hs_feedback_last_survey_rating number r | Last CSAT survey rating
num_notes number c | Number of sales activities
notes_last_contacted datetime c | Last contacted
notes_last_updated datetime c | Last activity
notes_next_activity_date datetime c | Next activity date
"""

_RECURRING = """
recurringbillingfrequency enumeration | Billing frequency :
  weekly biweekly monthly quarterly per_six_months annually per_two_years per_three_years
hs_recurring_billing_period string | Term
hs_cost_of_goods_sold number | Unit cost
hs_sku string | SKU
hs_product_type enumeration | Product type : inventory non_inventory service
hs_url string | URL
hs_images string | Image URL
"""

PRODUCTS = f"""
createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
name string | Name
description string/textarea | Product description
price number | Unit price
tax number | Tax
hs_folder enumeration | Folder
hs_folder_id number | Folder ID
hs_status enumeration | Status : active inactive
{_RECURRING}
"""

LINE_ITEMS = f"""
createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
name string | Name
description string/textarea | Line item description
quantity number | Quantity
price number | Unit price
amount number/calculation_equation c | Net price
discount number | Unit discount
hs_discount_percentage number | Discount percentage
hs_total_discount number/calculation_equation c | Total discount
tax number | Tax
hs_product_id number | Product ID
hs_line_item_currency_code enumeration | Currency : USD EUR GBP CAD AUD JPY
hs_recurring_billing_start_date date | Billing start date
hs_recurring_billing_end_date date/calculation_equation c | Billing end date
hs_recurring_billing_number_of_payments number | Number of payments
hs_recurring_billing_terms enumeration | Billing terms : FIXED AUTOMATICALLY_RENEW
hs_term_in_months number/calculation_equation c | Term in months
hs_margin number/calculation_equation c | Margin
hs_arr number/calculation_equation c | Annual recurring revenue
hs_mrr number/calculation_equation c | Monthly recurring revenue
hs_acv number/calculation_equation c | Annual contract value
hs_tcv number/calculation_equation c | Total contract value
hs_position_on_quote number | Position on quote
{_RECURRING}
"""
