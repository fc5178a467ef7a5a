"""Default properties of calls, emails, meetings, notes, tasks and users.

text tables, in the form that `definitions` explains -> read by `definitions`
"""

ACTIVITY = """
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

CALLS = f"""{ACTIVITY}
hs_call_title string | Call title
hs_call_body string/html | Call notes
hs_call_direction enumeration | Call direction : INBOUND OUTBOUND
hs_call_disposition enumeration | Call outcome :
  9d9162e7-6cf3-4944-bf63-4dff82258764=Busy f240bbac-87c9-4f6e-bf70-924b57d47db7=Connected
  a4c4c377-d246-4b32-a13b-75a56a4cd0ff=Left_live_message b2cf5968-551e-4856-9783-52b3da59a7d0=Left_voicemail
  73a0d17f-1163-4015-bdd5-ec830791da20=No_answer 17b47fee-58de-441e-a44c-c6300d46f273=Wrong_number
hs_call_duration number | Call duration
hs_call_from_number string | From number
hs_call_to_number string | To number
hs_call_recording_url string | Recording URL
hs_call_status enumeration | Call status :
  BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING
hs_call_source string | Call source
hs_call_external_id string | External ID
hs_call_external_account_id string | External account ID
hs_call_callee_object_id number | Callee object ID
hs_call_callee_object_type enumeration | Callee object type : CONTACT COMPANY
hs_call_has_voicemail bool | Has voicemail
"""

EMAILS = f"""{ACTIVITY}
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

MEETINGS = f"""{ACTIVITY}
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

NOTES = f"""{ACTIVITY}
hs_note_body string/html | Note body
"""

TASKS = f"""{ACTIVITY}
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
hs_standard_time_zone enumeration | Time zone :
  America/New_York America/Chicago America/Los_Angeles Europe/Berlin Europe/London Asia/Tokyo
hs_working_hours json | Working hours
hs_out_of_office_hours json | Out of office hours
hs_main_user_language_skill enumeration | Main language : en de fr es ja
hs_deactivated bool r | Deactivated
hs_searchable_name string c | Searchable name
"""
