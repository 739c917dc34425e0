-- The W3C trace context that came with an event, as traceparent says it, and behind a blank what tracestate says; NULL where none
-- came: a lead that has none is told of under a trace that every worker makes of its id.
ALTER TABLE inbox ADD COLUMN trace_context TEXT;
ALTER TABLE step ADD COLUMN trace_context TEXT;
-- Here that of the step that kept it, where one was told of.
ALTER TABLE webhook_delivery ADD COLUMN trace_context TEXT;
