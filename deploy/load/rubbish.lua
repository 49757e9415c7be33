-- What anybody can send, as fast as it goes: wrk -s rubbish.lua URL
--
-- Unsigned, signed with a guess, signed in no form, twice as large as may be, of another type, to
-- another path.
local requests, turn = {}, 0

function init()
    local guess = "sha256=" .. ("0"):rep(64)
    local function push(signature, body, type)
        return wrk.format("POST", nil, {
            ["Content-Type"] = type or "application/json",
            ["X-Event-Key"] = "repo:push",
            ["X-Request-UUID"] = "6d6f7265-0000-4000-8000-000000000000",
            ["X-Hub-Signature"] = signature,
        }, body)
    end
    local large = '{"push":"' .. ("x"):rep(200000) .. '"}'
    requests = {
        push(nil, "{}"),
        push(guess, "{}"),
        push(guess, large),
        push("sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709", "{}"),
        push(guess, ("x"):rep(2 * 1024 * 1024)),
        push(guess, "<push/>", "text/xml"),
        wrk.format("GET", "/v1/targets"),
    }
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end
