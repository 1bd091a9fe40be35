-- Takes note that an attempt succeeded: the address is known from now on. Where it was known, its attempts are forgotten;
-- where not, those of the account are, and one is given back to the address.
-- KEYS: as those of `begin_attempt.lua`. ARGV: now, and how long the address is known, in milliseconds.
local now, known_for = tonumber(ARGV[1]), tonumber(ARGV[2])
local known, here, turn, account, address = unpack(KEYS)

local held = redis.call('GET', known)
if held and tonumber(held:match('(%d+)$')) > now then
  redis.call('DEL', here)
else
  redis.call('DEL', turn, account)
  local counted = address and redis.call('GET', address)
  if counted then
    local attempts, forget_at = counted:match('^(%d+) %d+ (%d+)$')
    local counter = string.format('%d 0 %s', math.max(attempts - 1, 0), forget_at)
    redis.call('SET', address, counter, 'KEEPTTL')
  end
end
if known_for > 0 then
  local until_then = string.format('0 0 %d', now + known_for)
  redis.call('SET', known, until_then, 'PX', string.format('%d', known_for))
end
return 1
