"""Default property definitions of every object type, as a portal has them before anyone adds one.

compact text tables -> HubSpot Property JSON

One property a line: `name type[/fieldType] [flags] [| label] [: option option ...]`. Flags: `c` calculated, `r` its
value is read-only, `u` unique, `h` hidden, `o` refers to an owner. An option is a value or `value=label`.
"""

from typing import Any

FIELD_TYPES = {
    "string": "text", "number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox",
    "enumeration": "select", "phone_number": "phonenumber", "json": "text",
}  # fmt: skip

GROUPS = {
    "contacts": "contactinformation", "companies": "companyinformation", "deals": "dealinformation",
    "tickets": "ticketinformation", "products": "productinformation", "line_items": "lineiteminformation",
    "users": "userinformation",
}  # fmt: skip

SHARED = """
hs_object_id number r | Record ID
hs_created_by_user_id number r | Created by user ID
hs_updated_by_user_id number r | Updated by user ID
hs_object_source enumeration/text r | Record creation source
hs_object_source_label enumeration/select r | Record source : CRM_UI API IMPORT INTEGRATION INTERNAL_PROCESSING
hs_object_source_id string r | Record creation source ID
hs_object_source_user_id number r | Record creation source user ID
hs_merged_object_ids enumeration/checkbox r | Merged record IDs
hs_all_owner_ids enumeration/checkbox r | All owner IDs
hs_all_team_ids enumeration/checkbox r | All team IDs
hs_all_accessible_team_ids enumeration/checkbox r | All teams
hs_user_ids_of_all_owners enumeration/checkbox r | User IDs of all owners
hs_read_only bool r | Read only object
hs_was_imported bool r | Performed in an import
hs_unique_creation_key string r u h | Unique creation key
hs_pinned_engagement_id number | Pinned engagement ID
hubspot_owner_id enumeration o | Owner
hubspot_owner_assigneddate datetime r | Owner assigned date
hubspot_team_id enumeration r | Team
"""

_TOUCH = """
notes_last_contacted datetime c | Last contacted
notes_last_updated datetime c | Last activity date
notes_next_activity_date datetime c | Next activity date
num_notes number c | Number of sales activities
num_contacted_notes number c | Number of times contacted
hs_last_sales_activity_timestamp datetime c | Last engagement date
hs_latest_meeting_activity datetime c | Latest meeting activity
hs_analytics_source enumeration r | Original source : ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE PAID_SOCIAL
hs_analytics_source_data_1 string r | Original source drill-down 1
hs_analytics_source_data_2 string r | Original source drill-down 2
hs_latest_source enumeration r | Latest source : ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE PAID_SOCIAL
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
hs_timezone enumeration | Time zone : us_slash_eastern us_slash_central us_slash_pacific europe_slash_berlin europe_slash_london asia_slash_tokyo
hs_persona enumeration | Persona
hs_seniority enumeration | Seniority : entry junior mid senior manager director vp executive partner owner
hs_role enumeration | Role : accounting administrative business_development communications consulting customer_service design education engineering finance human_resources information_technology legal marketing operations product research sales
hs_buying_role enumeration/checkbox | Buying role : BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER LEGAL_AND_COMPLIANCE OTHER
hs_additional_emails enumeration/checkbox r | Additional email addresses
hs_email_domain string r | Email domain
hs_full_name_or_email string c | Full name or email
hs_email_optout bool | Unsubscribed from all email
hs_email_bounce number r | Marketing emails bounced
hs_email_hard_bounce_reason_enum enumeration r | Email hard bounce reason : OTHER UNKNOWN_USER MAILBOX_FULL CONTENT SPAM POLICY PREVIOUSLY_UNSUBSCRIBED_MESSAGE
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
hs_time_to_first_response_sla_status enumeration r | Time to first response SLA status : ACTIVE DUE_SOON OVERDUE COMPLETED_ON_TIME COMPLETED_LATE
hs_time_to_close_sla_status enumeration r | Time to close SLA status : ACTIVE DUE_SOON OVERDUE COMPLETED_ON_TIME COMPLETED_LATE
hs_feedback_last_survey_rating number r | Last CSAT survey rating
num_notes number c | Number of sales activities
notes_last_contacted datetime c | Last contacted
notes_last_updated datetime c | Last activity
notes_next_activity_date datetime c | Next activity date
"""

_RECURRING = """
recurringbillingfrequency enumeration | Billing frequency : weekly biweekly monthly quarterly per_six_months annually per_two_years per_three_years
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

_ACTIVITY = """
hs_createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
hs_timestamp datetime | Activity date
hs_attachment_ids enumeration/checkbox | Attachments
hs_body_preview string r | Body preview
hs_body_preview_html string/html r | Body preview HTML
hs_created_by number r | Activity created by
hs_modified_by number r | Updated by
hs_engagement_source enumeration r | Engagement source : CRM_UI API EMAIL MEETINGS IMPORT INTEGRATION
hs_engagement_source_id string r | Engagement source ID
hs_queue_membership_ids enumeration/checkbox | Queue membership
hs_activity_type enumeration | Activity type : Discovery Demo Renewal Onboarding Support
"""

CALLS = f"""{_ACTIVITY}
hs_call_title string | Call title
hs_call_body string/html | Call notes
hs_call_direction enumeration | Call direction : INBOUND OUTBOUND
hs_call_disposition enumeration | Call outcome : 9d9162e7-6cf3-4944-bf63-4dff82258764=Busy f240bbac-87c9-4f6e-bf70-924b57d47db7=Connected a4c4c377-d246-4b32-a13b-75a56a4cd0ff=Left_live_message b2cf5968-551e-4856-9783-52b3da59a7d0=Left_voicemail 73a0d17f-1163-4015-bdd5-ec830791da20=No_answer 17b47fee-58de-441e-a44c-c6300d46f273=Wrong_number
hs_call_duration number | Call duration
hs_call_from_number string | From number
hs_call_to_number string | To number
hs_call_recording_url string | Recording URL
hs_call_status enumeration | Call status : BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING
hs_call_source string | Call source
hs_call_external_id string | External ID
hs_call_external_account_id string | External account ID
hs_call_callee_object_id number | Callee object ID
hs_call_callee_object_type enumeration | Callee object type : CONTACT COMPANY
hs_call_has_voicemail bool | Has voicemail
"""

EMAILS = f"""{_ACTIVITY}
hs_email_subject string | Email subject
hs_email_text string/textarea | Email body
hs_email_html string/html | Email HTML
hs_email_direction enumeration | Email direction : EMAIL INCOMING_EMAIL FORWARDED_EMAIL
hs_email_status enumeration | Email send status : BOUNCED FAILED SCHEDULED SENDING SENT
hs_email_headers string | Email headers
hs_email_from_email string r | Email from address
hs_email_from_firstname string r | Email from first name
hs_email_from_lastname string r | Email from last name
hs_email_sender_email string r | Email sender address
hs_email_to_email string r | Email to address
hs_email_to_firstname string r | Email to first name
hs_email_to_lastname string r | Email to last name
hs_email_cc_email string r | Email CC address
hs_email_bcc_email string r | Email BCC address
hs_email_thread_id string r | Email thread ID
hs_email_message_id string r | Email message ID
hs_email_tracker_key string r | Email tracker key
hs_email_open_count number r | Number of email opens
hs_email_click_count number r | Number of email clicks
hs_email_reply_count number r | Number of email replies
"""

MEETINGS = f"""{_ACTIVITY}
hs_meeting_title string | Meeting name
hs_meeting_body string/html | Meeting description
hs_internal_meeting_notes string/html | Internal meeting notes
hs_meeting_external_url string | External URL
hs_meeting_location string | Location
hs_meeting_location_type enumeration | Location type : PHONE ADDRESS CUSTOM
hs_meeting_start_time datetime | Meeting start time
hs_meeting_end_time datetime | Meeting end time
hs_meeting_outcome enumeration | Meeting outcome : SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED
hs_meeting_source enumeration r | Meeting source : CRM_UI MEETINGS_PUBLIC INTEGRATION
hs_attendee_owner_ids enumeration/checkbox | Attendee owner IDs
hs_guest_emails string | Guest emails
"""

NOTES = f"""{_ACTIVITY}
hs_note_body string/html | Note body
"""

TASKS = f"""{_ACTIVITY}
hs_task_subject string | Task title
hs_task_body string/html | Notes
hs_task_status enumeration | Task status : NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED
hs_task_priority enumeration | Priority : NONE LOW MEDIUM HIGH
hs_task_type enumeration | Task type : EMAIL CALL TODO
hs_task_reminders string | Reminder timestamps
hs_task_completion_date datetime | Completed at
hs_task_is_completed number c | Is completed
hs_task_is_past_due_date bool/calculation_read_time c | Is overdue
"""

USERS = """
hs_createdate datetime r | Create date
hs_lastmodifieddate datetime r | Last modified date
hs_internal_user_id number u | Internal user ID
hs_email string | Email
hs_given_name string | First name
hs_family_name string | Last name
hs_job_title string | Job title
hs_additional_phone string/phonenumber | Additional phone
hs_standard_time_zone enumeration | Time zone : America/New_York America/Chicago America/Los_Angeles Europe/Berlin Europe/London Asia/Tokyo
hs_working_hours json | Working hours
hs_out_of_office_hours json | Out of office hours
hs_main_user_language_skill enumeration | Main language : en de fr es ja
hs_deactivated bool r | Deactivated
hs_searchable_name string c | Searchable name
"""

CUSTOM = """
hs_createdate datetime r | Object create date/time
hs_lastmodifieddate datetime r | Object last modified date/time
"""

TABLES = {
    "contacts": CONTACTS, "companies": COMPANIES, "deals": DEALS, "tickets": TICKETS, "products": PRODUCTS,
    "line_items": LINE_ITEMS, "calls": CALLS, "emails": EMAILS, "meetings": MEETINGS, "notes": NOTES, "tasks": TASKS,
    "users": USERS,
}  # fmt: skip


def group_of(object_type: str) -> str:
    return GROUPS.get(object_type, f"{object_type}_information" if object_type not in TABLES else "engagement")


def _options(text: str) -> list[dict[str, Any]]:
    options = []
    for order, word in enumerate(text.split()):
        value, _, label = word.partition("=")
        shown = (label or value).replace("_", " ")
        options.append({"label": shown, "value": value, "displayOrder": order, "hidden": False, "description": ""})
    return options


def parse(line: str) -> dict[str, Any]:
    """One line of a table -> a partial Property; `filled` adds the rest."""
    head, _, tail = line.partition("|")
    label, _, options = tail.partition(" : ")
    name, kind, *flags = head.split()
    type_, _, field = kind.partition("/")
    definition: dict[str, Any] = {
        "name": name, "label": label.strip() or name, "type": type_, "fieldType": field or FIELD_TYPES[type_],
        "options": _options(options), "calculated": "c" in flags, "hasUniqueValue": "u" in flags, "hidden": "h" in flags,
        "hubspotDefined": True,
    }  # fmt: skip
    if type_ == "bool":
        definition["options"] = _options("true=True false=False")
    if "o" in flags:
        definition |= {"referencedObjectType": "OWNER", "externalOptions": True}
    read_only = "c" in flags or "r" in flags
    definition["modificationMetadata"] = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": read_only}
    return definition


def filled(object_type: str, definition: dict[str, Any], at: str) -> dict[str, Any]:
    """A complete Property: what the caller gave, the rest by HubSpot's defaults. A custom one has no `hubspotDefined`."""
    type_ = definition.get("type", "string")
    full: dict[str, Any] = {
        "updatedAt": at, "createdAt": at, "name": definition["name"], "label": definition["name"], "type": type_,
        "fieldType": FIELD_TYPES.get(type_, "text"), "description": "", "groupName": group_of(object_type),
        "options": [], "displayOrder": -1, "calculated": False, "externalOptions": False, "archived": False,
        "hasUniqueValue": False, "hidden": False, "formField": False, "dataSensitivity": "non_sensitive",
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
    }  # fmt: skip
    if definition.get("calculated"):
        full["modificationMetadata"] = full["modificationMetadata"] | {"readOnlyValue": True}
    full |= definition
    full["options"] = [
        {"displayOrder": order, "hidden": False, "description": ""} | option
        for order, option in enumerate(full["options"] or ())
    ]
    if full["type"] == "enumeration" or full["options"]:
        full["modificationMetadata"] = {"readOnlyOptions": False} | full["modificationMetadata"]
    return full


def defaults(object_type: str) -> list[dict[str, Any]]:
    """Property definitions that an object type of this name starts with."""
    table = TABLES.get(object_type, CUSTOM)
    seen = {}
    for line in (table + SHARED).splitlines():
        if line.strip():
            definition = parse(line)
            seen.setdefault(definition["name"], definition)
    return list(seen.values())
