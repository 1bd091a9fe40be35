-- Forgets the account's attempts, and gives one back to the address.
-- KEYS: the account's counter and, where there is one, the address's.
redis.call('DEL', KEYS[1])
local held = KEYS[2] and redis.call('GET', KEYS[2])
if held then
  local attempts, forget_at = held:match('^(%d+) %d+ (%d+)$')
  local counter = string.format('%d 0 %s', math.max(attempts - 1, 0), forget_at)
  redis.call('SET', KEYS[2], counter, 'KEEPTTL')
end
return 1
