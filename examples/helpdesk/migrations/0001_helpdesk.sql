CREATE TABLE accounts (
    name          text PRIMARY KEY,
    role          text NOT NULL CHECK (role IN ('admin', 'support', 'customer')),
    password_hash text NOT NULL
);

CREATE TABLE tickets (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject    text NOT NULL,
    body       text NOT NULL,
    priority   text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    status     text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    assignee   text,
    customer   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ticket_replies (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id  bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
    author     text NOT NULL,
    body       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ticket_replies_ticket ON ticket_replies (ticket_id, id);
