INSERT INTO tickets
VALUES (nextval('ticket_ids'), '0f8fad5b-d9cb-469f-a165-70867728950e', 'open', 'low', 'Printer on floor 3 does not answer',
        'It was fine yesterday and today it says no whenever somebody prints.', 12.50, 3, true, '["office", "floor-3"]',
        now(), now());
