-- Adds revocations to one partition and tells its readers of those that change something.
-- KEYS: id, log, entries, users, ends. ARGV: the id expected, the length of the log, and for each revocation its kind
-- (e: entry, u: user), its id and its value. Values have a fixed width, so that they compare as text: dates 12 digits; a user's
-- generation 20, blocked 1, not_before 12, keep_until 12.
--
-- A program that fails in the middle is not undone, and what is held is not told again. So the log comes first: what failed
-- behind it is told once more by whoever asks again, and nothing is held that nobody was told of. The row of a user comes last.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('REPLACED the store has another id')
end
local now = string.format('%012d', redis.call('TIME')[1])

local function larger(a, b)
  if a > b then return a else return b end
end

local function merge(held, new)
  local generation, blocked = held:sub(1, 20), held:sub(21, 21)
  local other = new:sub(1, 20)
  if other > generation then
    generation, blocked = other, new:sub(21, 21)
  elseif other == generation then
    blocked = larger(blocked, new:sub(21, 21))
  end
  return generation .. blocked .. larger(held:sub(22, 33), new:sub(22, 33)) .. larger(held:sub(34), new:sub(34))
end

local function tell(kind, id, value)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', kind, id .. value)
end

-- Both answer whether that changed something.
local function put_entry(id, ends)
  local held = redis.call('ZSCORE', KEYS[3], id)
  if held and tonumber(held) >= tonumber(ends) then return false end
  tell('e', id, ends)
  redis.call('ZADD', KEYS[3], ends, id)
  return true
end

local function put_user(id, entry)
  local held = redis.call('HGET', KEYS[4], id)
  if held then entry = merge(held, entry) end
  if held == entry then return false end
  tell('u', id, entry)
  if entry:sub(21, 21) == '1' then
    redis.call('ZREM', KEYS[5], id)
  else
    redis.call('ZADD', KEYS[5], entry:sub(34), id)
  end
  redis.call('HSET', KEYS[4], id, entry)
  return true
end

local changed = 0
for at = 3, #ARGV, 3 do
  local kind, id, value = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  -- A user's entry that has ended must not come back: it could undo what followed it and has ended too. A blocked user is
  -- never forgotten. An entry undoes nothing, and this clock may be ahead of those by which its token still stands.
  local is_blocked = kind == 'u' and value:sub(21, 21) == '1'
  if kind == 'e' or is_blocked or value:sub(-12) > now then
    if kind == 'u' and put_user(id, value) or kind == 'e' and put_entry(id, value) then
      changed = changed + 1
    end
  end
end
return changed
