-- What an outcome was worth, in the currency of the CRM; empty where nobody said.
ALTER TABLE outcome ADD COLUMN amount DOUBLE PRECISION;
