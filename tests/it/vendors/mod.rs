//! CRM, chat, mail, texts and calendars: what is asked of them, and what is believed.

mod calendar;
mod chat;
mod contract;
mod coverage;
mod crm;
mod doctor;
mod read_back;
mod returning;
mod silent;
mod slack;
mod twilio;
mod workflow;
