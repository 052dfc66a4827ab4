-- The modes that append nothing.

if mode == 'open' then
  open()
  local info = redis.pcall('INFO', 'server')
  return {last, type(info) == 'string' and info:match('run_id:(%x+)') or ''}
end

if mode == 'read' then
  open()
  local reply = {last, 1}
  local room = tonumber(ARGV[8])
  for id, message, _, adopted in entries(ARGV[7], page_entries) do
    if room <= 0 then
      reply[2] = 0
      return reply
    end
    reply[#reply + 1] = {id, message or '', adopted or ''}
    -- The caller already has the entry from which it asks: a page brings at least one more, however large.
    if id ~= ARGV[7] then
      room = room - #(message or '') - entry_bytes
    end
  end
  return reply
end

-- Runs all commands that a publish may need, on its keys. None of them changes anything here.
if mode == 'probe' then
  redis.call('XRANGE', history, '-', '+', 'COUNT', 1)
  is_whole()
  redis.call('TIME')
  redis.call('GET', KEYS[3])
  redis.call('XADD', KEYS[3], 'NOMKSTREAM', '*', 'message', '')
  redis.call('XDEL', history, '0-0')
  redis.call('SET', KEYS[3], '', 'XX')
  redis.call('DEL', KEYS[3])
  return 1
end
