// Messages to a service manager (sd_notify(3)): frames arrive; the program is alive. Without a manager they do nothing.
#ifndef RF_SERVICE_H
#define RF_SERVICE_H

// The first frame is done. Only the first call counts.
void rf_service_ready(void);

// The program is at work or waits in order. Call it as often as you like: a message goes out when half of the watchdog's
// time is over.
void rf_service_alive(void);

// It ends, in order.
void rf_service_stopping(void);
#endif
