-- Genuine deliveries, each once: wrk -s signed.lua URL -- FOLDER MILLISECONDS
--
-- Lua has no HMAC, so they lie signed in FOLDER/signed.N, one a line: id, signature, body. A thread
-- has one connection, so each answer is that of the request before it: FOLDER/answers.N tells them.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    deliveries = assert(io.open(arguments[1] .. "/signed." .. number))
    answers = assert(io.open(arguments[1] .. "/answers." .. number, "w"))
    answers:setvbuf("line")
    pause = tonumber(arguments[2])
end

function delay() return pause end

function request()
    local signature, body
    id, signature, body = (deliveries:read("*l") or ""):match("^(%S+) (%S+) (.+)$")
    -- Bitbucket does not send on and on: what follows the last one is refused as unsigned.
    if not id then return wrk.format("POST", nil, { ["X-Event-Key"] = "repo:push" }, "{}") end
    return wrk.format("POST", nil, {
        ["Content-Type"] = "application/json",
        ["X-Event-Key"] = "repo:push",
        ["X-Request-UUID"] = id,
        ["X-Attempt-Number"] = "1",
        ["X-Hub-Signature"] = signature,
    }, body)
end

function response(status)
    if id then answers:write(status, " ", id, "\n") end
end
