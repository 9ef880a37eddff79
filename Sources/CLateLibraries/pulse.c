// SPDX-License-Identifier: GPL-3.0-or-later

#include "late_libraries.h"

#include <pulse/pulseaudio.h>

#define LIBRARY "libpulse.so.0"
#define LOAD load_libpulse
#define FUNCTIONS \
    FORWARD_4(int, pa_context_connect, pa_context *, const char *, pa_context_flags_t, const pa_spawn_api *) \
    FORWARD_1(void, pa_context_disconnect, pa_context *) \
    FORWARD_3(pa_operation *, pa_context_drain, pa_context *, pa_context_notify_cb_t, void *) \
    FORWARD_1(int, pa_context_errno, const pa_context *) \
    FORWARD_3(pa_operation *, pa_context_get_server_info, pa_context *, pa_server_info_cb_t, void *) \
    FORWARD_4(pa_operation *, pa_context_get_sink_info_by_index, pa_context *, uint32_t, pa_sink_info_cb_t, void *) \
    FORWARD_4( \
        pa_operation *, pa_context_get_source_info_by_index, pa_context *, uint32_t, pa_source_info_cb_t, \
        void *) \
    FORWARD_4( \
        pa_operation *, pa_context_get_source_info_by_name, pa_context *, const char *, pa_source_info_cb_t, \
        void *) \
    FORWARD_3(pa_operation *, pa_context_get_source_info_list, pa_context *, pa_source_info_cb_t, void *) \
    FORWARD_4( \
        pa_operation *, pa_context_get_source_output_info, pa_context *, uint32_t, pa_source_output_info_cb_t, \
        void *) \
    FORWARD_1(pa_context_state_t, pa_context_get_state, const pa_context *) \
    FORWARD_1(int, pa_context_is_pending, const pa_context *) \
    FORWARD_3(pa_context *, pa_context_new_with_proplist, pa_mainloop_api *, const char *, const pa_proplist *) \
    FORWARD_4(pa_time_event *, pa_context_rttime_new, const pa_context *, pa_usec_t, pa_time_event_cb_t, void *) \
    FORWARD_3(void, pa_context_rttime_restart, const pa_context *, pa_time_event *, pa_usec_t) \
    FORWARD_3(void, pa_context_set_state_callback, pa_context *, pa_context_notify_cb_t, void *) \
    FORWARD_3(void, pa_context_set_subscribe_callback, pa_context *, pa_context_subscribe_cb_t, void *) \
    FORWARD_4( \
        pa_operation *, pa_context_subscribe, pa_context *, pa_subscription_mask_t, pa_context_success_cb_t, \
        void *) \
    FORWARD_1(void, pa_context_unref, pa_context *) \
    FORWARD_1(pa_volume_t, pa_cvolume_max, const pa_cvolume *) \
    FORWARD_1(void, pa_operation_cancel, pa_operation *) \
    FORWARD_1(void, pa_operation_unref, pa_operation *) \
    FORWARD_1(void, pa_proplist_free, pa_proplist *) \
    FORWARD_2(const char *, pa_proplist_gets, const pa_proplist *, const char *) \
    FORWARD_0(pa_proplist *, pa_proplist_new) \
    FORWARD_3(int, pa_proplist_sets, pa_proplist *, const char *, const char *) \
    FORWARD_0(pa_usec_t, pa_rtclock_now) \
    FORWARD_4(int, pa_stream_connect_record, pa_stream *, const char *, const pa_buffer_attr *, pa_stream_flags_t) \
    FORWARD_1(int, pa_stream_disconnect, pa_stream *) \
    FORWARD_1(int, pa_stream_drop, pa_stream *) \
    FORWARD_1(uint32_t, pa_stream_get_device_index, const pa_stream *) \
    FORWARD_1(const char *, pa_stream_get_device_name, const pa_stream *) \
    FORWARD_1(uint32_t, pa_stream_get_index, const pa_stream *) \
    FORWARD_1(const pa_sample_spec *, pa_stream_get_sample_spec, pa_stream *) \
    FORWARD_1(pa_stream_state_t, pa_stream_get_state, const pa_stream *) \
    FORWARD_1(int, pa_stream_is_suspended, const pa_stream *) \
    FORWARD_5( \
        pa_stream *, pa_stream_new_with_proplist, pa_context *, const char *, const pa_sample_spec *, \
        const pa_channel_map *, \
        pa_proplist *) \
    FORWARD_3(int, pa_stream_peek, pa_stream *, const void **, size_t *) \
    FORWARD_3(void, pa_stream_set_moved_callback, pa_stream *, pa_stream_notify_cb_t, void *) \
    FORWARD_3(void, pa_stream_set_read_callback, pa_stream *, pa_stream_request_cb_t, void *) \
    FORWARD_3(void, pa_stream_set_state_callback, pa_stream *, pa_stream_notify_cb_t, void *) \
    FORWARD_3(void, pa_stream_set_suspended_callback, pa_stream *, pa_stream_notify_cb_t, void *) \
    FORWARD_1(void, pa_stream_unref, pa_stream *) \
    FORWARD_1(const char *, pa_strerror, int) \
    FORWARD_1(void, pa_threaded_mainloop_free, pa_threaded_mainloop *) \
    FORWARD_1(pa_mainloop_api *, pa_threaded_mainloop_get_api, pa_threaded_mainloop *) \
    FORWARD_1(void, pa_threaded_mainloop_lock, pa_threaded_mainloop *) \
    FORWARD_0(pa_threaded_mainloop *, pa_threaded_mainloop_new) \
    FORWARD_2(void, pa_threaded_mainloop_set_name, pa_threaded_mainloop *, const char *) \
    FORWARD_2(void, pa_threaded_mainloop_signal, pa_threaded_mainloop *, int) \
    FORWARD_1(int, pa_threaded_mainloop_start, pa_threaded_mainloop *) \
    FORWARD_1(void, pa_threaded_mainloop_stop, pa_threaded_mainloop *) \
    FORWARD_1(void, pa_threaded_mainloop_unlock, pa_threaded_mainloop *) \
    FORWARD_1(void, pa_threaded_mainloop_wait, pa_threaded_mainloop *)

#include "forward.h"
