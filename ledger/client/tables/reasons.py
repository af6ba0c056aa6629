"""Why a row is rejected, in Chinese: beside the stable reasons, for whoever corrects a register."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "id_check_failed": "身份证号校验码不符",
    "id_malformed": "身份证号位数、字符或其中的出生日期不对",
    "id_rounded_by_spreadsheet": "身份证号曾按数字保存，末几位已丢失，请按原件重填",
    "number_rounded_by_spreadsheet": "长号码曾按数字保存，末几位已丢失，请按原件重填",
    "id_15_of_another_century": "15 位身份证号顺序码为 996 至 999，属 1900 年前出生的人",
    "birth_contradicts_id": "出生日期与身份证号不一致",
    "sex_contradicts_id": "性别与身份证号不一致",
    "phone_malformed": "不是 11 位手机号码",
    "plate_malformed": "不是车牌号码",
    "papers_name_nobody": "境外人员只有其他证件，而该类证件不能确定其人",
    "papers_malformed": "其他证件号码应为 1 至 40 位字母、数字、连字符或斜线",
    "code_unknown": "不认识的代码或名称，可填内容见右列",
    "flag_unknown": "不认识的是否值，可填内容见右列",
    "date_malformed": "日期写法不认识或有歧义",
    "time_malformed": "时间写法不认识或有歧义",
    "time_of_day_missing": "缺少时刻",
    "time_twice_by_clock_change": "该当地时间因调整时钟出现两次",
    "time_skipped_by_clock_change": "该当地时间因调整时钟不存在",
    "cell_error": "单元格为错误值，或公式没有保存结果",
    "value_missing": "必填内容为空",
    "duplicate_in_file": "与前面的行重复",
    "collected_before": "该人已采集过，网关不再接收",
    "integer_malformed": "不是整数",
    "point_malformed": "坐标写法不对",
    "point_out_of_range": "坐标超出范围",
    "cells_not_as_header": "本行单元格数与表头不一致",
    "schema_mismatch": "数据模型不接受该值",
    "derivation_failed": "脱敏规则不能处理该值",
    "personal_in_open": "公开字段中含有身份证号或手机号码",
}
"""`cells_not_as_header` and what stands above it are found while a row is read; the last ones when it is committed."""
