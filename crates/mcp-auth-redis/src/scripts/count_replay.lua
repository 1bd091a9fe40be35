-- Counts a replay of a grant, up to a limit.
-- KEYS: rows. ARGV: the grant, its counter, the limit. Answers 1 where it did.
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held or held:sub(1, 20) ~= ARGV[2] then return 0 end
local replays = tonumber(held:sub(21, 30))
if replays >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. string.format('%010d', replays + 1) .. held:sub(31))
return 1
