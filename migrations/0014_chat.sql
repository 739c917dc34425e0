-- A briefing in the chat is called so, whichever chat it is. Steps that have ended keep the word of their day: nobody asks for
-- their kind but v_step. A stored payload stays as it is: its channel "slack" is read as "chat".
UPDATE step SET kind = 'brief_chat' WHERE state = 'due' AND kind = 'brief_slack';
UPDATE step SET kind = 'brief_chat' WHERE state = 'leased' AND kind = 'brief_slack';
