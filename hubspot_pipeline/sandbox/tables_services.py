"""Default properties of leads, goals, feedback, messages, letters, appointments, courses, listings, services, projects.

text tables, in the form that `definitions` explains -> read by `definitions`
"""

from hubspot_pipeline.sandbox.tables_activities import ACTIVITY
from hubspot_pipeline.sandbox.tables_commerce import CREATED, HS_CREATED

_STAGED = """
hs_pipeline enumeration | Pipeline
hs_pipeline_stage enumeration/radio | Pipeline stage
"""

LEADS = f"""{CREATED}
hs_createdate datetime r | HubSpot create date
hs_lead_name string | Lead name
hs_lead_type enumeration | Lead type :
  NEW_BUSINESS=New_business RE_ATTEMPT=Re-attempt UPSELL=Upsell
hs_lead_label enumeration | Lead label : HOT WARM COLD
hs_lead_source enumeration r | Lead source : ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING REFERRALS DIRECT_TRAFFIC OFFLINE
hs_lead_disqualification_reason enumeration | Disqualification reason : NO_BUDGET NO_FIT NOT_REACHED COMPETITOR
hs_lead_associated_contact_id number c | Primary contact
hs_lead_is_open bool c | Is open
hs_last_activity_date datetime c | Last activity date
{_STAGED}"""

GOAL_TARGETS = f"""{HS_CREATED}
hs_goal_name string | Goal name
hs_target_amount number | Target amount
hs_start_datetime datetime | Start
hs_end_datetime datetime | End
hs_milestone enumeration | Duration : daily weekly monthly quarterly yearly
hs_goal_type string | Goal type
hs_assignee_team_id number | Assigned team
hs_group_correlation_uuid string r | Group
hs_goal_target_group_id number r | Target group ID
hs_kpi_value number c | Reached
hs_kpi_progress_percent number c | Progress
hs_currency enumeration | Currency : USD EUR GBP
"""

FEEDBACK_SUBMISSIONS = f"""{HS_CREATED}
hs_survey_type enumeration r | Survey type : NPS CSAT CES CUSTOM
hs_survey_name string r | Survey name
hs_survey_id number r | Survey ID
hs_survey_channel enumeration r | Survey channel : EMAIL WEB CHAT LINK
hs_value number r | Rating
hs_sentiment enumeration r | Sentiment : PROMOTER PASSIVE DETRACTOR
hs_content string/textarea r | Response
hs_submission_timestamp datetime r | Submission date
hs_submission_name string r | Submission name
hs_response_group string r | Response group
hs_contact_id number r | Contact ID
hs_contact_email_rollup string r | Contact's e-mail
"""

COMMUNICATIONS = f"""{ACTIVITY}
hs_communication_channel_type enumeration | Channel type : WHATS_APP LINKEDIN_MESSAGE SMS
hs_communication_logged_from enumeration | Logged from : CRM
hs_communication_body string/html | Body
"""

POSTAL_MAIL = f"""{ACTIVITY}
hs_postal_mail_body string/html | Body
"""

APPOINTMENTS = f"""{HS_CREATED}
hs_appointment_name string | Appointment name
hs_appointment_start datetime | Start
hs_appointment_end datetime | End
hs_appointment_status enumeration | Status : SCHEDULED COMPLETED CANCELED NO_SHOW
{_STAGED}"""

COURSES = f"""{HS_CREATED}
hs_course_name string | Course name
hs_course_id string | Course ID
hs_course_description string/textarea | Description
hs_enrollment_capacity number | Capacity
{_STAGED}"""

LISTINGS = f"""{HS_CREATED}
hs_name string | Name
hs_price number | Price
hs_listing_type enumeration | Listing type : OFFICE WAREHOUSE RETAIL
hs_address_1 string | Address
hs_city string | City
hs_square_footage number | Square footage
hs_year_built number | Year built
{_STAGED}"""

SERVICES = f"""{HS_CREATED}
hs_name string | Name
hs_description string/textarea | Description
hs_status string | Status
hs_start_date date | Start date
hs_target_end_date date | Target end date
hs_amount_paid number | Amount paid
hs_total_cost number | Total cost
{_STAGED}"""

CONTRACTS = f"""{HS_CREATED}
hs_name string | Contract name
hs_status enumeration | Status : DRAFT ACTIVE EXPIRED
hs_start_date date | Start date
hs_end_date date | End date
hs_total_value number | Total value
"""

PARTNER_CLIENTS = f"""{HS_CREATED}
hs_domain string r | Client's domain
hs_partner_name string r | Partner's name
"""

PARTNER_SERVICES = f"""{HS_CREATED}
hs_name string | Service name
hs_status string | Status
"""

PROJECTS = f"""{HS_CREATED}
hs_name string | Name
hs_description string/textarea | Description
hs_status string | Status
hs_start_date date | Start date
hs_target_due_date date | Due date
hs_type string | Type
{_STAGED}"""
