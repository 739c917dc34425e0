-- Leads by what the CRM calls them.
CREATE INDEX lead_in_crm ON lead (crm_id) WHERE crm_id IS NOT NULL;
