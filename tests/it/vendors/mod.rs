//! CRM, chat, mail, texts and calendars: what is asked of them, and what is believed.

mod calendar;
mod calendarless;
mod calendars;
mod chat;
mod contract;
mod crm;
mod returning;
mod silent;
mod texts;
mod twilio;
