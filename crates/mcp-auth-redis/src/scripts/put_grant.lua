-- Adds a grant, or replaces the one that has a certain counter.
-- KEYS: rows, users, ends. ARGV: the grant, the counter that is replaced or nothing, the row, and when it is no longer live.
-- A row begins with its counter (20 digits), its replays (10) and its place in the index of users (28 bytes).
local held = redis.call('HGET', KEYS[1], ARGV[1])
if (held and held:sub(1, 20) or '') ~= ARGV[2] then return 0 end
if held then redis.call('ZREM', KEYS[2], held:sub(31, 58) .. ARGV[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[3]:sub(31, 58) .. ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
return 1
