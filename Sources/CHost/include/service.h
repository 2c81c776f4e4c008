// What a service manager is told (sd_notify(3)): that frames come, and that the program is alive. Without one, nothing.
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
