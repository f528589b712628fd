# For clients on trial time passes as the tests say.
$(addprefix $P/test/chapters/04-queues/server/,test_redial test_queue_client \
  test_queue_client_lost test_queue_client_cut test_office_slow): LIBS += -Wl,--wrap=clock_monotonic
